/* The rows of the Amazon IVS operations, and the body of a request. To add a row: CONTRIBUTING.md, "Add an
 * operation". */
#include "operation.h"
#include "json.h"

#include <string.h>

/* ---- shapes ---- */

static const ivs_shape string = {IVS_SHAPE_STRING, NULL, NULL};
static const ivs_shape integer = {IVS_SHAPE_INTEGER, NULL, NULL};
static const ivs_shape strings = {IVS_SHAPE_LIST, NULL, &string};
static const ivs_shape tags = {IVS_SHAPE_MAP, NULL, &string};

#define STRUCTURE(name, ...)                                                                                 \
  static const ivs_member name##_members[] = {__VA_ARGS__, {NULL, NULL}};                                    \
  static const ivs_shape name = {IVS_SHAPE_STRUCTURE, name##_members, NULL}

STRUCTURE(s3, {"bucketName", &string});
STRUCTURE(destination, {"s3", &s3});
STRUCTURE(rendition, {"renditionSelection", &string}, {"renditions", &strings});
STRUCTURE(thumbnail, {"recordingMode", &string}, {"resolution", &string}, {"storage", &strings},
          {"targetIntervalSeconds", &integer});
STRUCTURE(recording_configuration, {"arn", &string}, {"destinationConfiguration", &destination},
          {"name", &string}, {"recordingReconnectWindowSeconds", &integer},
          {"renditionConfiguration", &rendition}, {"state", &string}, {"tags", &tags},
          {"thumbnailConfiguration", &thumbnail});
STRUCTURE(summary, {"arn", &string}, {"destinationConfiguration", &destination}, {"name", &string},
          {"state", &string}, {"tags", &tags});
static const ivs_shape summaries = {IVS_SHAPE_LIST, NULL, &summary};

STRUCTURE(get_output, {"recordingConfiguration", &recording_configuration});
STRUCTURE(list_output, {"nextToken", &string}, {"recordingConfigurations", &summaries});

/* ---- rows ---- */

static const ivs_parameter get_parameters[] = {{.name = "arn", .type = IVS_SHAPE_STRING, .is_required = true},
                                               {.name = NULL}};
static const ivs_operation_error get_errors[] = {{"AccessDeniedException", false},
                                                 {"InternalServerException", false},
                                                 {"ResourceNotFoundException", false},
                                                 {"ValidationException", false},
                                                 {NULL, false}};
const ivs_operation ivs_operation_get_recording_configuration = {
    .name = "GetRecordingConfiguration",
    .path = "/GetRecordingConfiguration",
    .content_type = "application/json",
    .signing_service = "ivs",
    .parameters = get_parameters,
    .output = &get_output,
    .errors = get_errors,
    .is_idempotent = true,
};

static const ivs_parameter list_parameters[] = {
    {.name = "nextToken", .type = IVS_SHAPE_STRING},
    {.name = "maxResults", .type = IVS_SHAPE_INTEGER, .minimum = 1, .maximum = 100},
    {.name = NULL}};
static const ivs_operation_error list_errors[] = {{"AccessDeniedException", false},
                                                  {"InternalServerException", false},
                                                  {"ValidationException", false},
                                                  {NULL, false}};
const ivs_operation ivs_operation_list_recording_configurations = {
    .name = "ListRecordingConfigurations",
    .path = "/ListRecordingConfigurations",
    .content_type = "application/json",
    .signing_service = "ivs",
    .parameters = list_parameters,
    .output = &list_output,
    .errors = list_errors,
    .is_idempotent = true,
};

static const ivs_operation *const rows[] = {&ivs_operation_get_recording_configuration,
                                            &ivs_operation_list_recording_configurations, NULL};

const ivs_operation *ivs_operation_find(const char *name) {
  const ivs_operation *const *row = rows;
  while (*row && strcmp((*row)->name, name) != 0) row++;
  return *row;
}

bool ivs_operation_is_transient(const ivs_operation *operation, const char *code) {
  for (const ivs_operation_error *error = operation->errors; error->code; error++)
    if (strcmp(error->code, code) == 0) return error->is_transient;
  return false;
}

int ivs_operation_write_body(ivs_buffer *out, const ivs_operation *operation, const ivs_argument *arguments) {
  const char *separator = "";
  int status = ivs_buffer_add_byte(out, '{');
  for (size_t i = 0; operation->parameters[i].name && !status; i++) {
    if (!arguments[i].is_given) continue;
    ivs_buffer_add_text(out, separator);
    ivs_buffer_add_format(out, "\"%s\": ", operation->parameters[i].name);
    status = operation->parameters[i].type == IVS_SHAPE_STRING
                 ? ivs_json_add_string(out, arguments[i].text)
                 : ivs_buffer_add_format(out, "%.0f", arguments[i].number);
    separator = ", ";
  }
  return status ? status : ivs_buffer_add_byte(out, '}');
}
