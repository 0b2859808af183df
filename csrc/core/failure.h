/*
 * What went wrong with a call, in the contract's words: kind, code, message (docs/design.md, "Errors").
 *
 * The two X-lists below are the one place where kinds and codes are named; enum, names and the Lua table
 * `ivs.exceptions` come from them.
 */
#ifndef IVS_CORE_FAILURE_H
#define IVS_CORE_FAILURE_H

#include "buffer.h"
#include "text.h"

#include <stdbool.h>

#define IVS_KINDS(X)                                                                                         \
  X(SERVICE, "service")                                                                                      \
  X(PARAMS, "params")                                                                                        \
  X(CONFIG, "config")                                                                                        \
  X(CREDENTIALS, "credentials")                                                                              \
  X(CONNECTION, "connection")                                                                                \
  X(TIMEOUT, "timeout")                                                                                      \
  X(TLS, "tls")                                                                                              \
  X(RESPONSE, "response")                                                                                    \
  X(CANCELLED, "cancelled")                                                                                  \
  X(INTERNAL, "internal")

enum ivs_kind {
#define IVS_KIND_ENUM(name, text) IVS_KIND_##name,
  IVS_KINDS(IVS_KIND_ENUM)
#undef IVS_KIND_ENUM
      IVS_KIND_COUNT
};

/* Codes of the service (docs/protocol.md, "Service errors") and of AWS's front ends. */
#define IVS_SERVICE_CODES(X)                                                                                 \
  X(ResourceNotFoundException)                                                                               \
  X(InternalServerException)                                                                                 \
  X(AccessDeniedException)                                                                                   \
  X(ValidationException)                                                                                     \
  X(ThrottlingException)                                                                                     \
  X(ConflictException)                                                                                       \
  X(PendingVerification)                                                                                     \
  X(ServiceQuotaExceededException)                                                                           \
  X(ServiceUnavailable)                                                                                      \
  X(ChannelNotBroadcasting)                                                                                  \
  X(StreamUnavailable)                                                                                       \
  X(UnrecognizedClientException)                                                                             \
  X(InvalidSignatureException)                                                                               \
  X(SignatureDoesNotMatch)                                                                                   \
  X(IncompleteSignatureException)                                                                            \
  X(MissingAuthenticationTokenException)                                                                     \
  X(InvalidClientTokenId)                                                                                    \
  X(ExpiredTokenException)                                                                                   \
  X(ExpiredToken)                                                                                            \
  X(OptInRequired)                                                                                           \
  X(AuthFailure)                                                                                             \
  X(RequestTimeTooSkewed)                                                                                    \
  X(RequestExpired)                                                                                          \
  X(RequestInTheFuture)                                                                                      \
  X(RequestTimeout)                                                                                          \
  X(RequestTimeoutException)                                                                                 \
  X(Throttling)                                                                                              \
  X(ThrottledException)                                                                                      \
  X(RequestThrottledException)                                                                               \
  X(TooManyRequestsException)                                                                                \
  X(ProvisionedThroughputExceededException)                                                                  \
  X(TransactionInProgressException)                                                                          \
  X(RequestLimitExceeded)                                                                                    \
  X(BandwidthLimitExceeded)                                                                                  \
  X(LimitExceededException)                                                                                  \
  X(RequestThrottled)                                                                                        \
  X(SlowDown)                                                                                                \
  X(PriorRequestNotComplete)                                                                                 \
  X(EC2ThrottledException)                                                                                   \
  X(UnauthorizedException)                                                                                   \
  X(IDPCommunicationError)                                                                                   \
  X(ForbiddenException)                                                                                      \
  X(InvalidRequestException)                                                                                 \
  X(UnknownOperationException)                                                                               \
  X(InternalFailure)                                                                                         \
  X(ServiceUnavailableException)

/* Codes of failures on our side, under botocore's names. Those marked "ours" have no counterpart there. */
#define IVS_CLIENT_CODES(X)                                                                                  \
  X(ParamValidationError)                                                                                    \
  X(NoRegionError)                                                                                           \
  X(InvalidRegionError)                                                                                      \
  X(EndpointResolutionError)                                                                                 \
  X(InvalidEndpointError) /* ours: botocore raises ValueError("Invalid endpoint: …") */                    \
  X(InvalidConfigError)                                                                                      \
  X(InvalidRetryModeError)                                                                                   \
  X(InvalidMaxRetryAttemptsError)                                                                            \
  X(InvalidProxiesConfigError)                                                                               \
  X(ConfigParseError)                                                                                        \
  X(ConfigNotFound)                                                                                          \
  X(ProfileNotFound)                                                                                         \
  X(NoCredentialsError)                                                                                      \
  X(PartialCredentialsError)                                                                                 \
  X(CredentialRetrievalError)                                                                                \
  X(InfiniteLoopConfigError)                                                                                 \
  X(MetadataRetrievalError)                                                                                  \
  X(MissingDependencyException)                                                                              \
  X(InvalidSTSRegionalEndpointsConfigError)                                                                  \
  X(InvalidIMDSEndpointError)                                                                                \
  X(InvalidIMDSEndpointModeError)                                                                            \
  X(SSOTokenLoadError)                                                                                       \
  X(UnauthorizedSSOTokenError)                                                                               \
  X(TokenRetrievalError)                                                                                     \
  X(LoginTokenLoadError)                                                                                     \
  X(LoginRefreshRequired)                                                                                    \
  X(LoginInsufficientPermissions)                                                                            \
  X(LoginError)                                                                                              \
  X(EndpointConnectionError)                                                                                 \
  X(ConnectionClosedError)                                                                                   \
  X(ConnectTimeoutError)                                                                                     \
  X(ReadTimeoutError)                                                                                        \
  X(ProxyConnectionError)                                                                                    \
  X(SSLError)                                                                                                \
  X(HTTPClientError)                                                                                         \
  X(ResponseParserError)                                                                                     \
  X(PaginationError)                                                                                         \
  X(WaiterError)                                                                                             \
  X(ClientClosedError) /* ours: a call on a closed client */                                                 \
  X(CallStateError)    /* ours: a driver reported what the call did not wait for */                          \
  X(OutOfMemoryError)  /* ours: kind internal */                                                             \
  X(CryptoError)       /* ours: kind internal; libcrypto failed */

#define IVS_CODE_MAX 128
#define IVS_FAILURE_MESSAGE_MAX 8192
/* What a message may have beyond that until it is cut: enough to find a secret at the cut (redaction.h). */
#define IVS_FAILURE_MESSAGE_SPARE 16

typedef struct ivs_failure {
  enum ivs_kind kind;
  char code[IVS_CODE_MAX]; /* cut where a server sends a longer one */
  ivs_buffer message;
  bool retryable; /* the same call may succeed later */
} ivs_failure;

void ivs_failure_init(ivs_failure *failure);
void ivs_failure_free(ivs_failure *failure);

/*
 * Both replace what the failure said; the slices may lie within it. A message over IVS_FAILURE_MESSAGE_MAX +
 * IVS_FAILURE_MESSAGE_SPARE is cut at a character. Out of memory and a failure of libcrypto (the codes OutOfMemoryError and
 * CryptoError, unless a service sends them) have the kind internal, wherever they strike; the former is retryable.
 */
void ivs_failure_set(ivs_failure *failure, enum ivs_kind kind, ivs_slice code, ivs_slice message);
void ivs_failure_format(ivs_failure *failure, enum ivs_kind kind, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Cuts the message at IVS_FAILURE_MESSAGE_MAX, at a character. */
void ivs_failure_cut(ivs_failure *failure);
/* The failure that an ivs_status stands for. */
void ivs_failure_from_status(ivs_failure *failure, int status, const char *doing);

const char *ivs_kind_name(enum ivs_kind kind);

#endif
