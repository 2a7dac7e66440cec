#pragma once

// The names that headers mention, never called.
typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
