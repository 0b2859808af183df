/*
 * Writes JSON as botocore does with Python's json.dumps: ASCII only, other characters as \uXXXX, slashes not
 * escaped. lua-cjson decodes JSON (csrc/lua/decode.c).
 */
#ifndef IVS_CORE_JSON_H
#define IVS_CORE_JSON_H

#include "buffer.h"
#include "text.h"

/* Appends the text as a quoted JSON string. IVS_EINVAL if it is not UTF-8 (a part may have been appended),
 * IVS_ENOMEM, IVS_ETOOBIG. */
int ivs_json_add_string(ivs_buffer *out, ivs_slice text);

#endif
