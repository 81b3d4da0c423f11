#ifndef REGISTRY_NDN_COPENSSL_SHIM_H
#define REGISTRY_NDN_COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* What OpenSSL has as macros only, which Swift cannot call. Arguments and results are those of the macro named. */

/* TLS 1.2 and later; no renegotiation, no compression; whole records are written; buffers of idle connections are freed. */
static inline int copenssl_ctx_set_bounds(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_read_ahead(ctx, 1);
    return (int)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
}

/* The session cache stays with the caller (client), or with OpenSSL (server, which names its sessions' context). */
static inline void copenssl_ctx_set_cache_mode(SSL_CTX *ctx, long mode) { SSL_CTX_set_session_cache_mode(ctx, mode); }

static inline int copenssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline int copenssl_set_app_data(SSL *ssl, void *data) { return SSL_set_app_data(ssl, data); }
static inline void *copenssl_app_data(const SSL *ssl) { return SSL_get_app_data(ssl); }

/* As RFC 2253 writes it, but UTF-8 as it is. */
static inline int copenssl_print_name(BIO *bio, const X509_NAME *name) {
    return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
}

static inline long copenssl_bio_data(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }
static inline int copenssl_bio_reset(BIO *bio) { return (int)BIO_reset(bio); }
/* An empty memory BIO says "retry" and not "end". */
static inline void copenssl_bio_set_retry(BIO *bio) { BIO_set_mem_eof_return(bio, -1); }

#endif
