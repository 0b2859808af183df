/* A blocking exchange over a multi with one place. */
#include "easy.h"
#include "core/status.h"

#include <math.h>
#include <stdlib.h>

struct ivs_easy {
  ivs_multi *multi; /* NULL: the next exchange opens it */
  ivs_settings_copy settings;
};

/* Opens a multi unless there is a usable one. */
static int ensure_multi(ivs_easy *easy, ivs_failure *failure) {
  if (easy->multi && ivs_multi_is_usable(easy->multi)) return IVS_OK;
  ivs_multi_close(easy->multi);
  return ivs_multi_open(&easy->multi, &easy->settings.settings, 1, failure);
}

int ivs_easy_open(ivs_easy **out, const ivs_settings *settings, ivs_failure *failure) {
  *out = NULL;
  ivs_easy *easy = calloc(1, sizeof *easy);
  int status = easy ? ivs_settings_take(&easy->settings, settings) : IVS_ENOMEM;
  if (status)
    ivs_failure_from_status(failure, status, "starting libcurl");
  else
    status = ensure_multi(easy, failure);
  if (status) {
    ivs_easy_close(easy);
    return IVS_EREFUSED;
  }
  *out = easy;
  return IVS_OK;
}

void ivs_easy_close(ivs_easy *easy) {
  if (!easy) return;
  ivs_multi_close(easy->multi);
  ivs_settings_free(&easy->settings);
  free(easy);
}

int ivs_easy_exchange(ivs_easy *easy, const ivs_exchange *exchange, const ivs_multi_interrupt *interrupt) {
  if (ensure_multi(easy, exchange->failure)) return IVS_EREFUSED;
  ivs_exchange own = *exchange;
  own.user = easy;
  int status = ivs_multi_start(easy->multi, &own);
  if (status) return status;
  ivs_multi_run(easy->multi, HUGE_VAL, interrupt);
  if (ivs_multi_take_ended(easy->multi, &status)) return status;
  ivs_multi_cancel(easy->multi);
  return IVS_EINTERRUPTED;
}
