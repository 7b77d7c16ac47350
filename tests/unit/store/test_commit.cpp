// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One turn of the main loop is one transaction, whatever the disk does.

#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/store/store.h"
#include "waiting.h"

#include <csignal>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

using rostrum::Database;
using rostrum::Json;
using rostrum::Store;
using rostrum::Transaction;

namespace {

/// A store in a file, and a second view of the same file: what is on disk.
class Fixture {
  public:
    Fixture() : store_(std::make_unique<Store>(path())), outside_(path()) {}
    ~Fixture() {
        store_.reset();
        for (const char *suffix : {"", "-wal", "-shm"})
            g_unlink((path() + suffix).c_str());
        g_rmdir(directory_.get());
    }

    std::string path() const { return std::string(directory_.get()) + "/test.db"; }
    Store &store() { return *store_; }
    void close() { store_.reset(); }
    Database &database() { return store_->database; }
    void add(const char *room) { store_->rooms.create(room, Json::object(), 1); }
    int64_t on_disk() { return count(outside_); }
    static int64_t count(Database &database) {
        rostrum::Query rows = database.query("SELECT count(*) FROM rooms");
        rows.run();
        return rows.integer(0);
    }

  private:
    const std::unique_ptr<char, rostrum::GFreeDeleter> directory_{g_dir_make_tmp("rostrum-commit-XXXXXX", nullptr)};
    std::unique_ptr<Store> store_;
    Database outside_;
};

/// No file can grow while this is alive.
class FullDisk {
  public:
    FullDisk() {
        std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        rlimit none = before_;
        none.rlim_cur = 1;
        setrlimit(RLIMIT_FSIZE, &none);
    }
    ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_{};
};

void turn() {
    while (g_main_context_iteration(nullptr, FALSE)) {
    }
}

void one_turn_is_one_transaction() {
    Fixture fixture;
    fixture.add("a");
    fixture.add("b");
    g_assert_true(fixture.database().pending());
    g_assert_cmpint(fixture.count(fixture.database()), ==, 2);
    g_assert_cmpint(fixture.on_disk(), ==, 0);
    turn();
    g_assert_false(fixture.database().pending());
    g_assert_cmpint(fixture.on_disk(), ==, 2);
}

void a_busy_loop_commits_in_time() {
    Fixture fixture;
    fixture.add("a");
    const auto busy = +[](gpointer) -> gboolean { return G_SOURCE_CONTINUE; };
    const unsigned source = g_idle_add_full(G_PRIORITY_DEFAULT, busy, nullptr, nullptr);
    test::wait_for("the commit", [&] { return fixture.on_disk() == 1; });
    g_source_remove(source);
}

void told_in_order() {
    Fixture fixture;
    Database &database = fixture.database();
    std::string told;
    database.after_commit([&] { told += "0"; });
    g_assert_cmpstr(told.c_str(), ==, "0"); // nothing to wait for
    fixture.add("a");
    database.after_commit([&] {
        told += "1";
        database.after_commit([&] { told += "3"; }); // not before the next
        g_assert_cmpint(fixture.on_disk(), ==, 1);
    });
    database.after_commit([&] {
        told += "2";
        fixture.add("b");
        database.after_commit([&] { told += fixture.on_disk() == 2 ? "4" : "!"; });
    });
    g_assert_cmpstr(told.c_str(), ==, "0");
    turn();
    g_assert_cmpstr(told.c_str(), ==, "01234");
}

void transactions_nest() {
    Fixture fixture;
    fixture.add("a");
    {
        Transaction outer(fixture.database());
        fixture.add("b");
        {
            Transaction inner(fixture.database());
            fixture.add("taken back");
        }
        {
            Transaction inner(fixture.database());
            fixture.add("c");
            inner.commit();
        }
        outer.commit();
    }
    {
        Transaction outer(fixture.database());
        Transaction inner(fixture.database());
        fixture.add("also taken back");
        inner.commit();
    }
    g_assert_false(fixture.store().rooms.find("taken back").has_value());
    turn();
    g_assert_cmpint(fixture.on_disk(), ==, 3);
}

void closing_commits() {
    Fixture fixture;
    fixture.add("a");
    fixture.close();
    g_assert_cmpint(fixture.on_disk(), ==, 1);
}

void a_statement_of_its_own_fault_is_an_error() {
    Fixture fixture;
    bool thrown = false;
    fixture.add("a");
    try {
        fixture.store().sessions.begin("s", "no such room", 1);
    } catch (const rostrum::DatabaseError &) {
        thrown = true;
    }
    g_assert_true(thrown);
    turn();
    g_assert_cmpint(fixture.on_disk(), ==, 1); // the rest of the turn holds
}

void expect_warning() {
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*kept until it can be*");
}

void a_full_disk_loses_nothing() {
    Fixture fixture;
    Database &database = fixture.database();
    fixture.add("before");
    turn();
    std::string told;
    {
        const FullDisk full;
        {
            Transaction transaction(database);
            fixture.add("x");
        }
        fixture.add("a");
        database.after_commit([&] { told += "event "; });
        database.after_commit([&] { told += "reply "; }, [&] { told += "refused "; });
        expect_warning();
        turn();
        g_test_assert_expected_messages();
        g_assert_false(database.fault().empty());
        g_assert_cmpstr(told.c_str(), ==, "refused ");
        database.after_commit([&] { told += "reply "; }, [&] { told += "refused "; });
        g_assert_cmpstr(told.c_str(), ==, "refused refused ");

        g_assert_true(fixture.store().rooms.find("a").has_value()); // serve goes on with what it knows
        {
            const Database::OnDiskOnly only(database);
            g_assert_false(fixture.store().rooms.find("a").has_value());
            g_assert_true(fixture.store().rooms.find("before").has_value());
        }
        {
            Transaction transaction(database);
            fixture.add("y");
        }
        const auto room = fixture.store().rooms.find("a");
        fixture.store().sessions.begin("s", room->room_id, 1); // needs the first
        fixture.store().rooms.set_disabled(room->room_id, true, 2);
        turn();
        g_assert_cmpint(fixture.on_disk(), ==, 1);
    }
    test::wait_for("everything is stored", [&] { return !database.pending(); });
    g_assert_true(database.fault().empty());
    g_assert_cmpstr(told.c_str(), ==, "refused refused event ");
    g_assert_cmpint(fixture.on_disk(), ==, 2);
    fixture.close();
    Store again(fixture.path());
    g_assert_true(again.rooms.find("a")->disabled && again.sessions.find("s").has_value());
}

void a_turn_that_cannot_begin_is_kept() {
    Fixture fixture;
    Database &database = fixture.database();
    database.execute("PRAGMA query_only = ON"); // as on a disk that was remounted read-only
    fixture.add("a");
    fixture.add("b");
    expect_warning();
    turn();
    g_test_assert_expected_messages();
    g_assert_false(fixture.store().rooms.find("a").has_value());
    database.execute("PRAGMA query_only = OFF");
    test::wait_for("both are stored", [&] { return fixture.on_disk() == 2; });
}

/// A statement, not the commit, finds the disk full.
void the_fault_is_said() {
    Fixture fixture;
    Database &database = fixture.database();
    database.execute("PRAGMA max_page_count = 1"); // as many as there are
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*kept until it can be: database or disk is full");
    for (int i = 0; i < 100 && database.fault().empty(); ++i) {
        fixture.store().rooms.create(std::nullopt, Json::object({{"webhook", std::string(4096, 'x')}}), 1);
        turn();
    }
    g_test_assert_expected_messages();
    g_assert_cmpstr(database.fault().c_str(), ==, "database or disk is full");
}

/// Such as of a damaged file. It must not pass through the main loop's frames.
void whatever_is_wrong_with_a_turn_is_a_fault() {
    Fixture fixture;
    Database &database = fixture.database();
    database.execute("BEGIN"); // so that there is no other
    fixture.add("a");
    test::wait_for("it is stored", [&] { return fixture.on_disk() == 1; });
    g_assert_true(database.fault().empty());
}

/// Somebody else has the file, and the turn in which "a" was added could not be written.
class AnotherWriter {
  public:
    explicit AnotherWriter(Fixture &fixture) {
        g_assert_cmpint(sqlite3_open(fixture.path().c_str(), &connection_), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_exec(connection_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), ==, SQLITE_OK);
        fixture.add("a");
        expect_warning();
        turn();
        g_test_assert_expected_messages();
    }
    ~AnotherWriter() { sqlite3_close(connection_); }
    AnotherWriter(const AnotherWriter &) = delete;
    AnotherWriter &operator=(const AnotherWriter &) = delete;

  private:
    sqlite3 *connection_ = nullptr;
};

/// Also between those who read what is on disk: with a wait each, this does not end in time.
void another_writer_is_waited_for_once() {
    Fixture fixture;
    const AnotherWriter other(fixture);
    for (int i = 0; i < 1000; ++i) {
        { const Database::OnDiskOnly only(fixture.database()); }
        g_assert_false(fixture.store().rooms.find("a").has_value());
    }
}

void another_writer_is_waited_for() {
    Fixture fixture;
    { const AnotherWriter other(fixture); }
    test::wait_for("it is stored", [&] { return fixture.on_disk() == 1; });
}

void what_is_kept_is_bounded() {
    Fixture fixture;
    const FullDisk full;
    fixture.add("a");
    expect_warning();
    turn();
    g_test_assert_expected_messages();
    const Json large = Json::object({{"webhook", std::string(1 << 20, 'x')}});
    int kept = 0;
    bool thrown = false;
    for (; kept < 100 && !thrown; ++kept)
        try {
            fixture.store().rooms.create(std::nullopt, large, 1);
        } catch (const rostrum::DatabaseError &) {
            thrown = true;
        }
    g_assert_true(thrown);
    g_assert_cmpint(kept, <, 20);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/commit/one-turn-is-one-transaction", one_turn_is_one_transaction);
    g_test_add_func("/commit/a-busy-loop-commits-in-time", a_busy_loop_commits_in_time);
    g_test_add_func("/commit/told-in-order", told_in_order);
    g_test_add_func("/commit/transactions-nest", transactions_nest);
    g_test_add_func("/commit/closing-commits", closing_commits);
    g_test_add_func("/commit/a-statement-of-its-own-fault-is-an-error", a_statement_of_its_own_fault_is_an_error);
    g_test_add_func("/commit/a-full-disk-loses-nothing", a_full_disk_loses_nothing);
    g_test_add_func("/commit/a-turn-that-cannot-begin-is-kept", a_turn_that_cannot_begin_is_kept);
    g_test_add_func("/commit/another-writer-is-waited-for", another_writer_is_waited_for);
    g_test_add_func("/commit/another-writer-is-waited-for-once", another_writer_is_waited_for_once);
    g_test_add_func("/commit/the-fault-is-said", the_fault_is_said);
    g_test_add_func("/commit/whatever-is-wrong-with-a-turn-is-a-fault", whatever_is_wrong_with_a_turn_is_a_fault);
    g_test_add_func("/commit/what-is-kept-is-bounded", what_is_kept_is_bounded);
    return g_test_run();
}
