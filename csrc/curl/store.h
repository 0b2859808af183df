/*
 * Parsed certificate authorities, shared by all connections and clients of the process.
 *
 * Parsing the authorities of a system takes more time than a TLS handshake. A store is read again when the
 * file or the directory has changed. May be used by several threads. A forked child reads its own stores:
 * another thread of the parent may have held a lock inside of one. The stores are kept until the process
 * ends.
 */
#ifndef IVS_CURL_STORE_H
#define IVS_CURL_STORE_H

#include <openssl/x509_vfy.h>
#include <stdbool.h>

/*
 * Returns the store of these authorities, with a reference for the caller. directory may be NULL; its names
 * are hashes, as `openssl rehash` makes them. must_check: look whether they have changed. NULL: the file
 * cannot be read or has no certificate, or out of memory. Leaves OpenSSL's error queue as it was.
 */
X509_STORE *ivs_store_get(const char *file, const char *directory, bool must_check);

#endif
