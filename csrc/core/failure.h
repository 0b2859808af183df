/*
 * The failure of a call: kind, code and message (docs/design.md, "Errors").
 *
 * The X-lists below define all kinds and codes. The enum, the names and the Lua table `ivs.exceptions` are
 * generated from them.
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

/* Codes of the service (docs/protocol.md, "Service errors") and of AWS front ends. */
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

/* Codes of client-side failures, with botocore's names. botocore has no equivalent of those marked "ours". */
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
  X(CallStateError)    /* ours: a driver's report does not match the call's step */                          \
  X(OutOfMemoryError)  /* ours: kind internal */                                                             \
  X(CryptoError)       /* ours: kind internal; libcrypto failed */

#define IVS_CODE_MAX 128
#define IVS_FAILURE_MESSAGE_MAX 8192
/* Extra bytes that a message keeps until it is truncated, so that a secret at the end can be redacted
 * (redaction.h). */
#define IVS_FAILURE_MESSAGE_MARGIN 16

typedef struct ivs_failure {
  enum ivs_kind kind;
  char code[IVS_CODE_MAX]; /* longer codes are truncated */
  ivs_buffer message;
  bool retryable; /* the same call may succeed later */
} ivs_failure;

void ivs_failure_init(ivs_failure *failure);
void ivs_failure_free(ivs_failure *failure);

/*
 * Both replace the content; the slices may be part of the old content. Messages longer than
 * IVS_FAILURE_MESSAGE_MAX + IVS_FAILURE_MESSAGE_MARGIN are truncated at a character boundary. The codes
 * OutOfMemoryError and CryptoError always have the kind internal, unless a service sends them.
 * OutOfMemoryError is retryable.
 */
void ivs_failure_set(ivs_failure *failure, enum ivs_kind kind, ivs_slice code, ivs_slice message);
void ivs_failure_format(ivs_failure *failure, enum ivs_kind kind, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Truncates the message to IVS_FAILURE_MESSAGE_MAX bytes, at a character boundary. */
void ivs_failure_truncate(ivs_failure *failure);
/* Sets the failure for an ivs_status. doing: what failed, for the message ("building the request"). */
void ivs_failure_from_status(ivs_failure *failure, int status, const char *doing);

const char *ivs_kind_name(enum ivs_kind kind);

#endif
