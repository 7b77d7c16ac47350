// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

namespace rostrum {

// A step of the schema: webhook deliveries are counted as other lists are (see migration_lists.h), by their `row`.
// Lists: 'deliveries', 'deliveries/STATE', 'deliveries//ENDPOINT', 'deliveries/STATE/ENDPOINT'.
#define OF_ALL "'deliveries'"
#define OF_STATE(row) "'deliveries/' || " row "state"
#define OF_ENDPOINT(row) "'deliveries//' || " row "endpoint"
#define OF_BOTH(row) "'deliveries/' || " row "state || '/' || " row "endpoint"
#define COUNT_ONE(list) " INSERT INTO listed VALUES (" list ", new.row >> 7, 1) ON CONFLICT DO UPDATE SET n = n + 1;"
#define COUNT_OFF(list)                                                                                                \
    " UPDATE listed SET n = n - 1 WHERE list = " list " AND block = old.row >> 7;"                                     \
    " DELETE FROM listed WHERE list = " list " AND block = old.row >> 7 AND n = 0;"
#define COUNT_ALL(list) "INSERT INTO listed SELECT " list ", row >> 7, count(*) FROM webhook_deliveries GROUP BY 1, 2;"

// clang-format off
constexpr char kCountDeliveries[] =
    COUNT_ALL(OF_ALL) COUNT_ALL(OF_STATE("")) COUNT_ALL(OF_ENDPOINT("")) COUNT_ALL(OF_BOTH(""))
    "CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (endpoint);"
    "CREATE TRIGGER deliveries_counted AFTER INSERT ON webhook_deliveries BEGIN"
    COUNT_ONE(OF_ALL) COUNT_ONE(OF_STATE("new.")) COUNT_ONE(OF_ENDPOINT("new.")) COUNT_ONE(OF_BOTH("new.")) " END;"
    "CREATE TRIGGER deliveries_moved AFTER UPDATE OF state ON webhook_deliveries WHEN new.state <> old.state BEGIN"
    COUNT_OFF(OF_STATE("old.")) COUNT_OFF(OF_BOTH("old.")) COUNT_ONE(OF_STATE("new.")) COUNT_ONE(OF_BOTH("new."))
    " END;"
    "CREATE TRIGGER deliveries_forgotten AFTER DELETE ON webhook_deliveries BEGIN"
    COUNT_OFF(OF_ALL) COUNT_OFF(OF_STATE("old.")) COUNT_OFF(OF_ENDPOINT("old.")) COUNT_OFF(OF_BOTH("old.")) " END;";
// clang-format on

#undef OF_ALL
#undef OF_STATE
#undef OF_ENDPOINT
#undef OF_BOTH
#undef COUNT_ONE
#undef COUNT_OFF
#undef COUNT_ALL

} // namespace rostrum
