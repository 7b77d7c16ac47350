// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// C11 and OpenSSL 3 (cc verify.c -lcrypto). Either signature is enough: the HMAC one also proves when it was sent.

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TOLERANCE_SECONDS 300

// Of base64 with padding, without blanks; NULL when it is none. The caller frees it.
static unsigned char *decode_base64(const char *text, size_t length, size_t *size) {
    unsigned char *bytes = malloc(length / 4 * 3 + 1);
    int decoded = length > 0 && length % 4 == 0 ? EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length) : -1;
    if (decoded < 0) {
        free(bytes);
        return NULL;
    }
    *size = (size_t)decoded - (text[length - 1] == '=') - (text[length - 2] == '='); // it decodes padding as zeros
    return bytes;
}

// Whether `secret` ("whsec_…", `length` bytes) made one of the signatures of `content`.
static bool is_signed_with(const char *secret, size_t length, const char *signatures, const unsigned char *content,
                           size_t content_size) {
    size_t key_size = 0;
    if (length > 6 && strncmp(secret, "whsec_", 6) == 0) {
        secret += 6;
        length -= 6;
    }
    unsigned char *key = decode_base64(secret, length, &key_size);
    if (!key)
        return false;
    unsigned char mac[EVP_MAX_MD_SIZE], expected[3 + 4 * EVP_MAX_MD_SIZE] = "v1,";
    unsigned mac_size = 0;
    HMAC(EVP_sha256(), key, (int)key_size, content, content_size, mac, &mac_size);
    const size_t size = 3 + (size_t)EVP_EncodeBlock(expected + 3, mac, (int)mac_size);
    free(key);
    for (const char *one = signatures; *one; one += strspn(one, " ")) {
        const size_t word = strcspn(one, " ");
        if (word == size && CRYPTO_memcmp(one, expected, size) == 0)
            return true;
        one += word;
    }
    return false;
}

// NULL when the webhook is signed with one of the secrets ("whsec_…", with blanks between) and new, else why not. `body`:
// as it came, to be parsed afterwards.
const char *verify_hmac(const unsigned char *body, size_t body_size, const char *id, const char *timestamp,
                        const char *signatures, const char *secrets, time_t now) {
    if (!id || !timestamp || !signatures)
        return "the webhook is not signed";
    char *end = NULL;
    errno = 0;
    const long long seconds = strtoll(timestamp, &end, 10);
    if (errno || end == timestamp || *end || seconds < now - TOLERANCE_SECONDS || seconds > now + TOLERANCE_SECONDS)
        return "the webhook is too old";
    const size_t prefix = strlen(id) + strlen(timestamp) + 2;
    unsigned char *content = malloc(prefix + body_size + 1);
    sprintf((char *)content, "%s.%s.", id, timestamp);
    memcpy(content + prefix, body, body_size);
    bool found = false;
    for (const char *secret = secrets; *secret && !found; secret += strspn(secret, " ")) {
        const size_t length = strcspn(secret, " ");
        found = is_signed_with(secret, length, signatures, content, prefix + body_size);
        secret += length;
    }
    free(content);
    return found ? NULL : "the webhook is signed with another secret, or was changed";
}

// NULL when the body is signed with the RSA key, whose PEM is at /v2/public/rsa-public-key, else why not.
const char *verify_rsa(const unsigned char *body, size_t body_size, const char *signature, const char *public_key) {
    BIO *bio = BIO_new_mem_buf(public_key, -1);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = 0;
    unsigned char *bytes = signature ? decode_base64(signature, strlen(signature), &size) : NULL;
    const bool good = key && bytes && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                      EVP_DigestVerify(context, bytes, size, body, body_size) == 1;
    free(bytes);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good ? NULL : "the webhook is signed with another key, or was changed";
}

static const char *header(int argc, char **argv, const char *name) {
    const size_t length = strlen(name);
    for (int i = 1; i < argc; i++)
        if (strncasecmp(argv[i], name, length) == 0 && strncmp(argv[i] + length, ": ", 2) == 0)
            return argv[i] + length + 2;
    return NULL;
}

// `verify 'name: value'… < body` with WEBHOOK_SECRET or WEBHOOK_PUBLIC_KEY in the environment.
int main(int argc, char **argv) {
    static unsigned char body[1 << 20];
    const size_t size = fread(body, 1, sizeof body, stdin);
    const char *secrets = getenv("WEBHOOK_SECRET"), *public_key = getenv("WEBHOOK_PUBLIC_KEY");
    const char *error = secrets || public_key ? NULL : "set WEBHOOK_SECRET or WEBHOOK_PUBLIC_KEY";
    if (secrets)
        error = verify_hmac(body, size, header(argc, argv, "webhook-id"), header(argc, argv, "webhook-timestamp"),
                            header(argc, argv, "webhook-signature"), secrets, time(NULL));
    if (!error && public_key)
        error = verify_rsa(body, size, header(argc, argv, "videosdk-signature"), public_key);
    if (error)
        fprintf(stderr, "%s\n", error);
    return error ? 1 : 0;
}
