// OpenSSL libcrypto (Apache-2.0): SHA-256 only, in the form that needs three objects of the archive. The EVP form of OpenSSL 3 loads
// providers, and with them 3.4 MB that stay resident for one function.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
