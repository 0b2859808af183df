/* One client of the core and one call, which is begun repeatedly. */
#include "signing.h"
#include "core/call.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES = 4, BLOCK = 64, KILOBYTE = 1024 };

static const char arn[] = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456";
static const char user_agent[] =
    "ivs-lua/1.0.0 ua/2.1 os/linux#6.1.0-18-amd64 lang/lua#5.4 md/arch#x86_64 m/E "
    "cfg/retry-mode#standard";

struct signing {
  ivs_client client;
  ivs_call call;
  EVP_MD *algorithm;
  EVP_MD_CTX *context;
  double now;
  size_t lengths[MESSAGES], bytes;
  unsigned char *data; /* the messages, one after the other; a KiB at least */
};

static void begin(signing *s, const unsigned char random[16]) {
  const ivs_argument argument = {.is_given = true, .text = ivs_text_slice(arn)};
  ivs_call_begin_with_arguments(&s->call, &ivs_operation_get_recording_configuration, &argument, random);
}

static bool build(signing *s, const unsigned char random[16]) {
  s->now += 1e-4; /* a new X-Amz-Date each 10,000 */
  begin(s, random);
  bool good = ivs_call_next(&s->call, s->now, 0) == IVS_STEP_EXCHANGE;
  ivs_call_reset(&s->call);
  return good;
}

static bool open_client(signing *s) {
  ivs_failure failure;
  const ivs_client_settings settings = {
      .region = ivs_text_slice("us-west-2"),
      .connect_timeout = 60,
      .read_timeout = 60,
      .user_agent = ivs_text_slice(user_agent),
  };
  ivs_failure_init(&failure);
  bool good = !ivs_client_open(&s->client, &settings, s->now, &failure) &&
              !ivs_credentials_set(&s->client.credentials, ivs_text_slice("AKIAIOSFODNN7EXAMPLE"),
                                   ivs_text_slice("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                                   (ivs_slice){NULL, 0}, 0);
  ivs_failure_free(&failure);
  return good;
}

/* Computes the lengths of the hashed texts from the signer's buffers. */
static bool prepare_hashing(signing *s) {
  static const unsigned char random[16];
  begin(s, random);
  if (ivs_call_next(&s->call, s->now, 0) != IVS_STEP_EXCHANGE) return false;
  s->lengths[0] = s->call.request.body.length;
  s->lengths[1] = s->client.signer.canonical_request.length;
  s->lengths[2] = BLOCK + s->client.signer.string_to_sign.length;
  s->lengths[3] = BLOCK + IVS_DIGEST_SIZE;
  ivs_call_reset(&s->call);
  for (int i = 0; i < MESSAGES; i++) s->bytes += s->lengths[i];
  size_t room = s->bytes > KILOBYTE ? s->bytes : KILOBYTE;
  s->data = malloc(room);
  if (!s->data) return false;
  memset(s->data, 'x', room);
  s->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
  s->context = EVP_MD_CTX_new();
  return s->algorithm && s->context;
}

signing *signing_open(void) {
  signing *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->now = 1735689600;
  ivs_client_init(&s->client);
  ivs_call_init(&s->call, &s->client, 1024 * 1024);
  if (open_client(s) && prepare_hashing(s)) return s;
  signing_close(s);
  return NULL;
}

void signing_close(signing *s) {
  if (!s) return;
  EVP_MD_CTX_free(s->context);
  EVP_MD_free(s->algorithm);
  free(s->data);
  ivs_call_free(&s->call);
  ivs_client_close(&s->client);
  free(s);
}

bool signing_run(signing *s, size_t count) {
  static const unsigned char random[16] = "0123456789abcde";
  bool good = true;
  while (count--) good = build(s, random) && good;
  return good;
}

bool signing_run_random(signing *s, size_t count) {
  unsigned char random[16];
  bool good = true;
  while (count--) good = RAND_bytes(random, sizeof random) == 1 && build(s, random) && good;
  return good;
}

static bool hash(signing *s, const unsigned char *data, size_t length) {
  unsigned char digest[IVS_DIGEST_SIZE];
  return EVP_DigestInit_ex(s->context, s->algorithm, NULL) && EVP_DigestUpdate(s->context, data, length) &&
         EVP_DigestFinal_ex(s->context, digest, NULL);
}

bool hashing_run(signing *s, size_t count) {
  bool good = true;
  while (count--) {
    const unsigned char *at = s->data;
    for (int i = 0; i < MESSAGES; at += s->lengths[i++]) good = hash(s, at, s->lengths[i]) && good;
  }
  return good;
}

bool hashing_run_joined(signing *s, size_t count) {
  bool good = true;
  while (count--) good = hash(s, s->data, s->bytes) && good;
  return good;
}

bool hashing_run_kilobyte(signing *s, size_t count) {
  bool good = true;
  while (count--) good = hash(s, s->data, KILOBYTE) && good;
  return good;
}

size_t hashing_bytes(const signing *s) {
  return s->bytes;
}
