// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/user_agent.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr size_t kMaxBytes = 512, kMaxWordBytes = 40;

struct Product {
    std::string_view token, name;
};

// Browsers name their ancestors too: the most particular comes first.
constexpr Product kBrowsers[] = {
    {"Edg/", "Microsoft Edge"},     {"EdgA/", "Microsoft Edge"}, {"EdgiOS/", "Microsoft Edge"}, {"OPR/", "Opera"},
    {"SamsungBrowser/", "Samsung"}, {"FxiOS/", "Firefox"},       {"CriOS/", "Chrome"},          {"Firefox/", "Firefox"},
    {"Chrome/", "Chrome"},          {"Version/", "Safari"}};

constexpr Product kSystems[] = {{"Windows NT ", "Windows"}, {"Android ", "Android"}, {"iPhone OS ", "iOS"},
                                {"CPU OS ", "iOS"},         {"Mac OS X ", "macOS"},  {"CrOS ", "Chrome OS"},
                                {"Linux", "Linux"}};

bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
           c == '-' || c == '+';
}

std::string word_at(std::string_view text) {
    const auto end = std::find_if_not(text.begin(), text.begin() + std::min(text.size(), kMaxWordBytes), is_word);
    return std::string(text.begin(), end);
}

bool has(std::string_view text, std::string_view word) {
    return text.find(word) != std::string_view::npos;
}

template <size_t N>
void find_product(std::string_view header, const Product (&products)[N], std::string &name, std::string &version) {
    for (const Product &product : products)
        if (const size_t at = header.find(product.token); at != std::string_view::npos) {
            name = product.name;
            version = word_at(header.substr(at + product.token.size()));
            return;
        }
}

/// What is no browser names itself first: `OBS-Studio/30.2`, `GStreamer/1.22`.
void take_first_product(std::string_view header, UserAgent &agent) {
    agent.browser = word_at(header);
    if (header.size() > agent.browser.size() && header[agent.browser.size()] == '/')
        agent.browser_version = word_at(header.substr(agent.browser.size() + 1));
}

} // namespace

UserAgent parse_user_agent(std::string_view header) {
    header = header.substr(0, kMaxBytes);
    UserAgent agent;
    if (header.empty())
        return agent;
    if (header.starts_with("Mozilla/"))
        find_product(header, kBrowsers, agent.browser, agent.browser_version);
    else
        take_first_product(header, agent);
    find_product(header, kSystems, agent.os, agent.os_version);
    std::replace(agent.os_version.begin(), agent.os_version.end(), '_', '.');
    const bool tablet = has(header, "iPad") || (agent.os == "Android" && !has(header, "Mobile"));
    const bool mobile = has(header, "Mobile") || has(header, "iPhone");
    if (!agent.os.empty())
        agent.platform = tablet ? "tablet" : mobile ? "mobile" : "desktop";
    return agent;
}

} // namespace rostrum
