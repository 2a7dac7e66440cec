#pragma once

// The names that headers mention, never called.
typedef struct x509_st X509;
extern "C" void X509_free(X509* certificate);
