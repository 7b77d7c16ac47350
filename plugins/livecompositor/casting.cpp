// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/casting.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace livecompositor {

namespace {

constexpr size_t kMaxInsets = 3; // of pip: more would hide the main picture

bool contains(const Order &order, size_t one) {
    return std::find(order.begin(), order.end(), one) != order.end();
}

template <class Predicate> std::optional<size_t> first(const Order &order, Predicate predicate) {
    const auto it = std::find_if(order.begin(), order.end(), predicate);
    return it == order.end() ? std::nullopt : std::optional(*it);
}

template <class Predicate> Order only(const Order &order, Predicate predicate) {
    Order some;
    std::copy_if(order.begin(), order.end(), std::back_inserter(some), predicate);
    return some;
}

/// Pins first, in order of pinning; unsigned: 0 (not pinned) goes last.
unsigned pin_place(const Member &m) {
    return m.pin_rank - 1;
}

Order ordered(std::span<const Member> members) {
    Order order(members.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        const Member &m = members[a], &n = members[b];
        return std::tuple(pin_place(m), n.priority, m.index) < std::tuple(pin_place(n), m.priority, n.index);
    });
    return order;
}

} // namespace

Order without(const Order &order, size_t one) {
    return only(order, [one](size_t i) { return i != one; });
}

Casting::Casting(const LayoutSpec &spec, std::span<const Member> members)
    : spec_(spec), members_(members), order_(ordered(members)),
      pinned_(only(order_, [&](size_t i) { return members[i].pin_rank > 0; })),
      limit_(static_cast<size_t>(std::clamp(spec.grid_size, 1, kMaxTiles))) {}

Cast Casting::cast() const {
    if (members_.empty())
        return {};
    switch (spec_.kind) {
    case LayoutKind::Sidebar:
        return sidebar();
    case LayoutKind::Spotlight:
        return spotlight();
    case LayoutKind::Pip:
        return pip();
    default:
        return grid();
    }
}

Casting::Predicate Casting::is_screen() const {
    return [this](size_t i) { return members_[i].screen; };
}
Casting::Predicate Casting::is_speaker() const {
    return [this](size_t i) { return members_[i].speaker; };
}

/// The screen share that matters most: pinned, then by priority, then the newest.
std::optional<size_t> Casting::share(const Order &stage) const {
    const Order screens = only(stage, is_screen());
    const auto best = std::min_element(screens.begin(), screens.end(), [&](size_t a, size_t b) {
        const Member &m = members_[a], &n = members_[b];
        return std::tuple(pin_place(m), n.priority, n.share_rank) < std::tuple(pin_place(n), m.priority, m.share_rank);
    });
    return best == screens.end() ? std::nullopt : std::optional(*best);
}

/// The one that matters most among `stage`; the speaker may come from outside it.
size_t Casting::star(const Order &stage) const {
    if (const auto screen = share(stage))
        return *screen;
    const auto speaker = first(order_, is_speaker());
    if (speaker && (spec_.priority == Priority::Speaker || pinned_.empty()))
        return *speaker;
    return stage.front();
}

Cast Casting::grid() const {
    const auto screen = share(order_);
    if (!screen)
        return {cut(order_, limit_), {}};
    return {{*screen}, cut(without(order_, *screen), limit_ - 1)};
}

Cast Casting::pip() const {
    return main_and_rest(order_, kMaxInsets + 1);
}

Cast Casting::spotlight() const {
    const Order &stage = pinned_.empty() ? order_ : pinned_;
    if (const auto screen = share(stage))
        return {{*screen}, {}};
    const auto speaker = first(order_, is_speaker());
    if (speaker && (spec_.priority == Priority::Speaker || pinned_.empty()))
        return {{*speaker}, {}};
    return {cut(stage, pinned_.empty() ? 1 : limit_), {}};
}

Cast Casting::main_and_rest(const Order &stage, size_t limit) const {
    const size_t main = star(stage);
    return {{main}, cut(without(stage, main), limit - 1)};
}

/// The first n, among them the active speaker, whom the audience must see.
Order Casting::cut(Order order, size_t n) const {
    if (order.size() <= n)
        return order;
    const auto speaker = first(order, is_speaker());
    order.resize(n);
    if (speaker && n > 0 && !contains(order, *speaker))
        order.back() = *speaker;
    return order;
}

bool Casting::is_wanted(const Region &region, size_t member) const {
    const Member &m = members_[member];
    switch (region.show) {
    case Show::Camera:
        return !m.screen;
    case Show::Screen:
        return m.screen;
    case Show::Pinned:
        return m.pin_rank > 0;
    case Show::Pad:
        return m.index == region.pad;
    case Show::Label:
        return m.label == region.label;
    default:
        return true;
    }
}

Order Casting::one_of(const Order &left) const {
    if (left.empty())
        return {};
    const size_t best = star(left);
    return {contains(left, best) ? best : left.front()};
}

Order Casting::claim(const Region &region, const Order &left) const {
    const auto is_camera = [this](size_t i) { return !members_[i].screen; };
    if (region.show == Show::Main)
        return one_of(left);
    if (region.show == Show::Speaker)
        return one_of(only(left, is_camera));
    Order taken = only(left, [&](size_t i) { return is_wanted(region, i); });
    taken.resize(std::min(taken.size(), static_cast<size_t>(region.max)));
    return taken;
}

} // namespace livecompositor
