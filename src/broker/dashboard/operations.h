#pragma once

#include "broker/dashboard/api.h"

// The operations of the API, by the file that has them. Each is one line of the table in api.cc;
// what it takes and gives is described in assets/openapi.json.
namespace odradek::broker::dashboard {

// overview_api.cc
io::Task<Result<Json>> get_overview(ApiContext& context, ApiCall call);
io::Task<Result<Json>> get_history(ApiContext& context, ApiCall call);
Result<http::BodySource> stream_samples(ApiContext& context, ApiCall call);

// topics_api.cc
io::Task<Result<Json>> list_topics(ApiContext& context, ApiCall call);
io::Task<Result<Json>> create_topic(ApiContext& context, ApiCall call);
io::Task<Result<Json>> get_topic(ApiContext& context, ApiCall call);
io::Task<Result<Json>> delete_topic(ApiContext& context, ApiCall call);
io::Task<Result<Json>> add_partitions(ApiContext& context, ApiCall call);
io::Task<Result<Json>> delete_records(ApiContext& context, ApiCall call);

// configs_api.cc
io::Task<Result<Json>> get_topic_configs(ApiContext& context, ApiCall call);
io::Task<Result<Json>> change_topic_configs(ApiContext& context, ApiCall call);
io::Task<Result<Json>> get_broker_configs(ApiContext& context, ApiCall call);
io::Task<Result<Json>> change_broker_configs(ApiContext& context, ApiCall call);

// messages_api.cc
io::Task<Result<Json>> search_messages(ApiContext& context, ApiCall call);
io::Task<Result<Json>> get_message(ApiContext& context, ApiCall call);

// tail_api.cc
Result<http::BodySource> stream_tail(ApiContext& context, ApiCall call);

// produce_api.cc
io::Task<Result<Json>> produce_messages(ApiContext& context, ApiCall call);

// groups_api.cc
io::Task<Result<Json>> list_groups(ApiContext& context, ApiCall call);
io::Task<Result<Json>> get_group(ApiContext& context, ApiCall call);
io::Task<Result<Json>> delete_group(ApiContext& context, ApiCall call);

// group_offsets_api.cc
io::Task<Result<Json>> reset_offsets(ApiContext& context, ApiCall call);
io::Task<Result<Json>> delete_offsets(ApiContext& context, ApiCall call);

// users_api.cc
io::Task<Result<Json>> list_users(ApiContext& context, ApiCall call);
io::Task<Result<Json>> set_user(ApiContext& context, ApiCall call);
io::Task<Result<Json>> delete_user(ApiContext& context, ApiCall call);

// acls_api.cc
io::Task<Result<Json>> list_acls(ApiContext& context, ApiCall call);
io::Task<Result<Json>> create_acl(ApiContext& context, ApiCall call);
io::Task<Result<Json>> delete_acl(ApiContext& context, ApiCall call);

// quotas_api.cc
io::Task<Result<Json>> list_quotas(ApiContext& context, ApiCall call);
io::Task<Result<Json>> change_quotas(ApiContext& context, ApiCall call);

// connections_api.cc
io::Task<Result<Json>> list_connections(ApiContext& context, ApiCall call);

}  // namespace odradek::broker::dashboard
