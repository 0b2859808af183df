/*
 * An operation of the service as data: a row with its name, path, input, output and errors.
 *
 * A row belongs to a call, not to a client: the calls of all operations share the client's retry quota, rate,
 * signer and credentials. The rows of Amazon IVS come from the service's public model (API version
 * 2020-07-14, botocore's data/ivs). Calls that obtain credentials (AWS STS) use the same call machine, with
 * rows that are built at run time.
 */
#ifndef IVS_CORE_OPERATION_H
#define IVS_CORE_OPERATION_H

#include "buffer.h"
#include "text.h"

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
  const ivs_member *members; /* of a structure; terminated by a NULL name */
  const ivs_shape *element;  /* the shape of the values of a list or map */
};

/* A member of the input. */
typedef struct ivs_parameter {
  const char *name;
  enum ivs_shape_type type; /* STRING or INTEGER */
  bool is_required;
  int minimum, maximum; /* of an integer; inclusive */
} ivs_parameter;

#define IVS_OPERATION_PARAMETERS_MAX 8

typedef struct ivs_operation_error {
  const char *code;
  bool is_transient; /* retryable, in addition to the retry rules for all services */
} ivs_operation_error;

typedef struct ivs_operation {
  const char *name; /* "GetRecordingConfiguration" */
  const char *path; /* appended to the endpoint's base path */
  const char *content_type;
  const char *signing_service;       /* the name in the credential scope; NULL: the request is not signed */
  const ivs_parameter *parameters;   /* terminated by a NULL name; NULL: the caller writes the body */
  const ivs_shape *output;           /* NULL: the caller decodes the body */
  const ivs_operation_error *errors; /* of the service's model; terminated by a NULL code */
  bool is_idempotent;                /* a request that may have reached the service is retryable */
} ivs_operation;

extern const ivs_operation ivs_operation_get_recording_configuration;
extern const ivs_operation ivs_operation_list_recording_configurations;

/* The row of the Amazon IVS operation with this name; NULL: none. */
const ivs_operation *ivs_operation_find(const char *name);
/* Whether the operation lists the code as transient. */
bool ivs_operation_is_transient(const ivs_operation *operation, const char *code);

/* The value of one parameter. */
typedef struct ivs_argument {
  bool is_given;
  ivs_slice text; /* of a string parameter */
  double number;  /* of an integer parameter: whole, within the parameter's limits */
} ivs_argument;

/*
 * Appends the body, `{"arn": "…"}`, as Python's json.dumps writes it. The arguments are in the order of the
 * row's parameters. IVS_EINVAL if a text is not UTF-8, IVS_ENOMEM, IVS_ETOOBIG.
 */
int ivs_operation_write_body(ivs_buffer *out, const ivs_operation *operation, const ivs_argument *arguments);

#endif
