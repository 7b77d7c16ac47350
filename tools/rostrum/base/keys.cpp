// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/keys.h"

#include "tools/rostrum/base/config_file.h"
#include "tools/rostrum/base/file_lock.h"
#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/base/master_key.h"

#include <cstdio>
#include <glib.h>
#include <glib/gstdio.h>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace rostrum {
namespace {

constexpr unsigned kRsaBits = 2048;        // what VideoSDK's receivers expect to verify
constexpr unsigned kFirstStartMs = 10'000; // of another process: an RSA key on a small machine that is busy

struct PkeyDeleter {
    void operator()(EVP_PKEY *key) const { EVP_PKEY_free(key); }
};
struct BioDeleter {
    void operator()(BIO *bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioDeleter>;
using Pkey = std::unique_ptr<EVP_PKEY, PkeyDeleter>;

std::string text_of(const Bio &bio) {
    char *data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return size > 0 ? std::string(data, static_cast<size_t>(size)) : "";
}

std::string new_rsa_key() {
    const Pkey key(EVP_RSA_gen(kRsaBits));
    const Bio bio(BIO_new(BIO_s_mem()));
    if (!key || !PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr))
        return "";
    return text_of(bio);
}

/// What another process has generated since `config` was read.
void take_generated(Config &config) {
    for (const auto &line : read_config_file(config.state_path("rostrum.conf"), false).lines)
        for (const char *key : {"api-key", "api-secret", "webhook-secret"})
            if (line.key == key && !config.has(key))
                config.set(key, line.value);
}

/// A file of its own, so that it can be kept apart from backups of the database.
std::string ensure_master_key(Config &config) {
    if (config.has("master-key"))
        return MasterKey::parse(config.text("master-key"))
                   ? ""
                   : "master-key: write 32 bytes in base64, as `openssl rand -base64 32` prints them";
    const std::string path = config.state_path("master.key");
    if (!g_file_test(path.c_str(), G_FILE_TEST_EXISTS))
        if (std::string error = write_private_file(path, random_token(32) + "\n"); !error.empty())
            return error;
    char *text = nullptr;
    GError *error = nullptr;
    if (!g_file_get_contents(path.c_str(), &text, nullptr, &error))
        return path + ": " + take_error(error);
    config.set("master-key", g_strstrip(text));
    g_free(text);
    return MasterKey::parse(config.text("master-key")) ? ""
                                                       : path + ": not a master key; put back the one that was here";
}

} // namespace

std::string ensure_keys(Config &config) {
    const std::string state = config.text("state");
    if (g_mkdir_with_parents(state.c_str(), 0700) != 0)
        return state + ": the state directory cannot be created; choose another with --state";
    FileLock lock(state); // `rostrum serve` and `rostrum token` may both be the first in a state directory
    if (!lock.take(kFirstStartMs))
        return state + ": another rostrum has been generating keys there for ten seconds; try again";
    take_generated(config);

    std::vector<std::pair<std::string, std::string>> generated;
    auto ensure = [&](const char *key, std::string value) {
        if (config.has(key))
            return;
        config.set(key, value);
        generated.emplace_back(key, std::move(value));
    };
    ensure("api-key", "rostrum-" + random_token(9));
    ensure("api-secret", random_token(32));
    ensure("webhook-secret", new_webhook_secret());
    if (!generated.empty())
        if (std::string error = append_config_file(config.state_path("rostrum.conf"), generated); !error.empty())
            return error;

    if (std::string error = ensure_master_key(config); !error.empty())
        return error;

    if (!config.has("webhook-key"))
        config.set("webhook-key", config.state_path("webhook-rsa.pem"));
    const std::string path = config.text("webhook-key");
    if (!g_file_test(path.c_str(), G_FILE_TEST_EXISTS)) {
        const std::string pem = new_rsa_key();
        if (pem.empty())
            return "an RSA key for webhooks cannot be generated";
        if (std::string error = write_private_file(path, pem); !error.empty())
            return error;
    }
    return rsa_public_key(path).empty()
               ? path + ": not an RSA private key in PEM without a passphrase; delete it to have one generated"
               : "";
}

std::string rsa_public_key(const std::string &private_key_path) {
    const Bio file(BIO_new_file(private_key_path.c_str(), "r"));
    if (!file)
        return "";
    char no_passphrase[] = ""; // without one OpenSSL asks at the terminal
    const Pkey key(PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, no_passphrase));
    const Bio bio(BIO_new(BIO_s_mem()));
    if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA || !PEM_write_bio_PUBKEY(bio.get(), key.get()))
        return "";
    return text_of(bio);
}

} // namespace rostrum
