/*
 * GetRecordingConfiguration as data: its request, the shape of its result, how its errors are read (BEHAVIOUR
 * 1, 5).
 *
 * An ivs_operation says all that the call machine must know of an operation, so that the calls which obtain
 * credentials (AWS STS) go through the same machine.
 */
#ifndef IVS_CORE_OPERATION_H
#define IVS_CORE_OPERATION_H

#include "buffer.h"
#include "text.h"

typedef struct ivs_operation {
  const char *name;    /* "GetRecordingConfiguration" */
  const char *service; /* the name in the credential scope */
  const char *prefix;  /* the first label of its hosts */
  const char *path;    /* joined to the endpoint's base path */
  const char *content_type;
  const char *transient_code; /* of the service's own codes, the one that is worth another attempt; or NULL */
  bool is_signed;
} ivs_operation;

extern const ivs_operation ivs_operation_get_recording_configuration;

/* The JSON body `{"arn": "…"}`, as Python's json.dumps writes it. IVS_EINVAL if the ARN is not UTF-8. */
int ivs_operation_write_body(ivs_buffer *out, ivs_slice arn);
/* The region field of an ARN, or an empty slice. */
ivs_slice ivs_operation_arn_region(ivs_slice arn);

/* Cuts "ns#Name:http://…" down to "Name". */
ivs_slice ivs_operation_plain_code(ivs_slice code);
/* An empty or HTML body: not the service's own error, but one of something before it. */
bool ivs_operation_is_generic(ivs_slice body);
/* The reason phrase of a status from 500 on (RFC 9110, 15.6, and the registry), or "". */
const char *ivs_operation_reason(int status);

/* The members in which an error body may carry its code and its message, first found first taken; NULL at the
 * end. */
extern const char *const ivs_operation_code_members[];
extern const char *const ivs_operation_message_members[];

/* The result's shape. */
enum ivs_shape_type {
  IVS_SHAPE_STRING,
  IVS_SHAPE_INTEGER,
  IVS_SHAPE_STRUCTURE,
  IVS_SHAPE_LIST,
  IVS_SHAPE_MAP
};

typedef struct ivs_shape ivs_shape;
typedef struct ivs_member {
  const char *name;
  const ivs_shape *shape;
} ivs_member;

struct ivs_shape {
  enum ivs_shape_type type;
  const ivs_member *members; /* structure: ended by a NULL name */
  const ivs_shape *element;  /* list, map: of the values */
};

extern const ivs_shape ivs_operation_output;

#endif
