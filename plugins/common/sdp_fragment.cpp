// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/sdp_fragment.h"

#include "common/text.h"

namespace rostrum {

namespace {

/// "a=key:value" → value when the key is `key`.
std::optional<std::string_view> attribute(std::string_view line, std::string_view key) {
    if (line.substr(0, 2) != "a=" || line.substr(2, key.size()) != key)
        return std::nullopt;
    line.remove_prefix(2 + key.size());
    if (line.empty())
        return line;
    return line.front() == ':' ? std::optional(line.substr(1)) : std::nullopt;
}

} // namespace

Result<SdpFragment> parse_fragment(std::string_view text) {
    if (text.size() > kMaxSdpBytes)
        return Error{413, "the fragment is larger than 64 KiB"};
    if (trim(text).empty())
        return Error{400, "the body is empty, not an SDP fragment (RFC 8840)"};
    SdpFragment fragment;
    for (const std::string_view line : split(text, '\n')) {
        if (line.size() < 2 || line[1] != '=')
            return Error{400, "the body is not an SDP fragment (RFC 8840)"};
        if (const auto ufrag = attribute(line, "ice-ufrag"); ufrag && fragment.ice_ufrag.empty())
            fragment.ice_ufrag = *ufrag;
        else if (const auto pwd = attribute(line, "ice-pwd"); pwd && fragment.ice_pwd.empty())
            fragment.ice_pwd = *pwd;
        else if (attribute(line, "candidate"))
            ++fragment.candidates;
        else if (attribute(line, "end-of-candidates"))
            fragment.end_of_candidates = true;
    }
    if (fragment.ice_ufrag.empty() != fragment.ice_pwd.empty())
        return Error{400, "the fragment has only one of a=ice-ufrag and a=ice-pwd"};
    if (!fragment.ice_ufrag.empty() && !(is_ice_text(fragment.ice_ufrag, 4) && is_ice_text(fragment.ice_pwd, 22)))
        return Error{400, "a=ice-ufrag needs 4 to 256 and a=ice-pwd 22 to 256 ICE characters"};
    return fragment;
}

std::string write_fragment(const LocalTransport &local, std::string_view mid) {
    std::string text = std::string("a=ice-lite\r\n") + kIceOptions + "\r\na=ice-ufrag:" + local.ufrag +
                       "\r\na=ice-pwd:" + local.pwd + "\r\n";
    if (!mid.empty())
        text += "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:" + std::string(mid) + "\r\n";
    return text + write_candidates(local);
}

} // namespace rostrum
