/*
 * JSON as Python's json.dumps writes it, which is what botocore sends: ASCII only, the rest as \uXXXX, no escaped slash.
 * Reading JSON is left to lua-cjson (csrc/lua/decode.c).
 */
#ifndef IVS_CORE_JSON_H
#define IVS_CORE_JSON_H

#include "buffer.h"
#include "text.h"

/* Appends the text as a JSON string with its quotes. IVS_EINVAL if it is not UTF-8 (part of it may have been appended),
 * IVS_ENOMEM, IVS_ETOOBIG. */
int ivs_json_add_string(ivs_buffer *out, ivs_slice text);

#endif
