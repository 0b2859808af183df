/*
 * The result of the core's functions: 0, or one of these negative numbers.
 *
 * They are errors of the module itself (memory, a cap, an invalid order of calls). An error of a call
 * (rejected by the service, no connection, no credentials) is an ivs_failure (failure.h).
 */
#ifndef IVS_CORE_STATUS_H
#define IVS_CORE_STATUS_H

#define IVS_STATUSES(X)                                                                                      \
  X(ENOMEM, -1, "out of memory")                                                                             \
  X(ETOOBIG, -2, "larger than the cap set for it")                                                           \
  X(EINVAL, -3, "malformed input")                                                                           \
  X(ESTATE, -4, "an event that does not match the state")                                                    \
  X(ECRYPTO, -5, "libcrypto failed")                                                                         \
  X(EREFUSED, -6, "refused: see the failure")                                                                \
  X(EINTERRUPTED, -7, "interrupted by a signal hook")

enum ivs_status {
  IVS_OK = 0,
#define IVS_STATUS_ENUM(name, number, text) IVS_##name = (number),
  IVS_STATUSES(IVS_STATUS_ENUM)
#undef IVS_STATUS_ENUM
};

/* The description of a status; never NULL. */
const char *ivs_status_text(int status);

#endif
