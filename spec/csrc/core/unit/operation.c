/*
 * Prints the rows that the arguments name as a JSON list, and tests how a row affects a call. operation_spec
 * compares the rows with botocore's model of the service.
 */
#include "core/call.h"
#include "core/status.h"
#include "unit.h"

static const char *type_of(const ivs_shape *shape) {
  static const char *const names[] = {"string", "integer", "structure", "list", "map"};
  return names[shape->type];
}

static void print_shape(const ivs_shape *shape) {
  printf("{\"type\": \"%s\"", type_of(shape));
  if (shape->element) {
    printf(", \"element\": ");
    print_shape(shape->element);
  }
  if (shape->members) {
    printf(", \"members\": {");
    for (const ivs_member *member = shape->members; member->name; member++) {
      printf("%s\"%s\": ", member == shape->members ? "" : ", ", member->name);
      print_shape(member->shape);
    }
    printf("}");
  }
  printf("}");
}

static void print_parameters(const ivs_operation *operation) {
  for (const ivs_parameter *parameter = operation->parameters; parameter->name; parameter++) {
    const ivs_shape shape = {.type = parameter->type};
    printf("%s\"%s\": {\"type\": \"%s\", \"required\": %s", parameter == operation->parameters ? "" : ", ",
           parameter->name, type_of(&shape), parameter->is_required ? "true" : "false");
    if (parameter->type == IVS_SHAPE_INTEGER)
      printf(", \"minimum\": %d, \"maximum\": %d", parameter->minimum, parameter->maximum);
    printf("}");
  }
}

static void print_row(const ivs_operation *operation) {
  printf("{\"name\": \"%s\", \"path\": \"%s\", \"method\": \"POST\", \"signing_service\": \"%s\", \"parameters\": {",
         operation->name, operation->path, operation->signing_service);
  print_parameters(operation);
  printf("}, \"output\": ");
  print_shape(operation->output);
  printf(", \"errors\": [");
  for (const ivs_operation_error *error = operation->errors; error->code; error++)
    printf("%s\"%s\"", error == operation->errors ? "" : ", ", error->code);
  printf("]}");
}

static const ivs_operation_error errors[] = {{"BusyException", true}, {"GoneException", false}, {NULL, false}};

/* Returns the step after an error with this code; NULL: after an undecodable body. */
static enum ivs_step step_after(const ivs_operation *operation, const char *code) {
  static const unsigned char random[16];
  ivs_failure failure;
  ivs_client client;
  ivs_call call;
  ivs_failure_init(&failure);
  ivs_client_init(&client);
  const ivs_client_settings settings = {.region = ivs_text_slice("us-west-2")};
  CHECK(ivs_client_open(&client, &settings, 0, &failure) == IVS_OK);
  CHECK(!ivs_credentials_set(&client.credentials, BYTES("id"), BYTES("secret"), BYTES(""), 0));
  ivs_call_init(&call, &client, 100);
  ivs_call_begin(&call, operation, BYTES("{}"), BYTES(""), random);
  CHECK(ivs_call_next(&call, 0, 0) == IVS_STEP_EXCHANGE);
  if (code) {
    ivs_call_no_response(&call, IVS_KIND_CONNECTION, ivs_text_slice(code), BYTES("m"));
  } else {
    call.response.status = 200;
    ivs_call_response(&call);
    CHECK(ivs_call_next(&call, 0, 0) == IVS_STEP_DECODE);
    ivs_call_undecodable(&call, BYTES("m"));
  }
  const enum ivs_step step = ivs_call_next(&call, 0, 0);
  ivs_call_free(&call);
  ivs_client_close(&client);
  ivs_failure_free(&failure);
  return step;
}

/* RFC 9110, 9.2.2: a client must not repeat a request automatically unless it is idempotent or was not
 * applied. */
static void a_request_that_may_have_been_executed_is_repeated_only_if_idempotent(void) {
  const ivs_operation repeatable = {.name = "Read",
                                    .path = "/",
                                    .content_type = "a/b",
                                    .signing_service = "ivs",
                                    .errors = errors,
                                    .is_idempotent = true};
  ivs_operation changing = repeatable;
  changing.is_idempotent = false;
  const char *const sent[] = {"ReadTimeoutError", "ConnectionClosedError", "HTTPClientError", NULL};
  const char *const unsent[] = {"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"};
  for (int i = 0; i < 4; i++) {
    CHECK(step_after(&repeatable, sent[i]) == IVS_STEP_SLEEP);
    CHECK(step_after(&changing, sent[i]) == IVS_STEP_FAILED);
  }
  for (int i = 0; i < 3; i++) CHECK(step_after(&changing, unsent[i]) == IVS_STEP_SLEEP);
}

static void the_row_determines_whether_a_code_is_transient(void) {
  const ivs_operation operation = {.name = "X", .errors = errors};
  CHECK(ivs_operation_is_transient(&operation, "BusyException"));
  CHECK(!ivs_operation_is_transient(&operation, "GoneException"));
  CHECK(!ivs_operation_is_transient(&operation, "Unknown"));
}

int main(int argc, char **argv) {
  a_request_that_may_have_been_executed_is_repeated_only_if_idempotent();
  the_row_determines_whether_a_code_is_transient();
  CHECK(!ivs_operation_find("getRecordingConfiguration"));
  printf("[");
  for (int i = 1; i < argc; i++) {
    const ivs_operation *operation = ivs_operation_find(argv[i]);
    CHECK(operation && operation->is_idempotent);
    if (i > 1) printf(", ");
    if (operation) print_row(operation);
  }
  printf("]");
  return broken > 0;
}
