/*
 * Errors in the AWS rest-json protocol: code, message, and bodies that do not come from the service
 * (docs/protocol.md, "Error responses").
 */
#ifndef IVS_CORE_REST_JSON_H
#define IVS_CORE_REST_JSON_H

#include "text.h"

/* The members of an error body that may contain the code and the message, in order of precedence; terminated
 * by NULL. */
extern const char *const ivs_rest_json_code_members[];
extern const char *const ivs_rest_json_message_members[];

/* Reduces "ns#Name:http://…" to "Name". */
ivs_slice ivs_rest_json_plain_code(ivs_slice code);
/* Whether the body is empty or HTML: an error of a proxy or load balancer in front of the service. */
bool ivs_rest_json_is_generic(ivs_slice body);
/* The reason phrase of a 5xx status (RFC 9110, 15.6, and the IANA registry), or "". */
const char *ivs_rest_json_reason(int status);

#endif
