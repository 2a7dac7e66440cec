#pragma once

// The names that headers mention, never called.
typedef struct evp_md_st EVP_MD;
typedef struct evp_pkey_st EVP_PKEY;
extern "C" void EVP_PKEY_free(EVP_PKEY* key);
