/*
 * How the AWS rest-json protocol carries errors: the code, the message, and bodies that do not come from the service
 * (docs/protocol.md, "Error responses").
 */
#ifndef IVS_CORE_REST_JSON_H
#define IVS_CORE_REST_JSON_H

#include "text.h"

/* The members in which an error body may carry its code and its message, in order of preference; ended by NULL. */
extern const char *const ivs_rest_json_code_members[];
extern const char *const ivs_rest_json_message_members[];

/* Cuts "ns#Name:http://…" down to "Name". */
ivs_slice ivs_rest_json_plain_code(ivs_slice code);
/* Whether the body is empty or HTML: an error of something in front of the service. */
bool ivs_rest_json_is_generic(ivs_slice body);
/* The reason phrase of a status from 500 on (RFC 9110, 15.6, and the IANA registry), or "". */
const char *ivs_rest_json_reason(int status);

#endif
