/* Copies settings, and selects the proxy. */
#include "settings.h"
#include "core/no_proxy.h"
#include "core/status.h"

#include <string.h>

enum { TEXT_CAP = 8 * 1024 };

int ivs_settings_take(ivs_settings_copy *copy, const ivs_settings *settings) {
  ivs_settings *own = &copy->settings;
  *own = *settings;
  const char **const texts[IVS_SETTINGS_TEXTS] = {&own->proxy, &own->no_proxy, &own->ca_bundle,
                                                  &own->client_cert, &own->client_key};
  int status = IVS_OK;
  for (int i = 0; i < IVS_SETTINGS_TEXTS; i++) {
    ivs_buffer_init(&copy->texts[i], TEXT_CAP);
    if (*texts[i] && !status) status = ivs_buffer_add_text(&copy->texts[i], *texts[i]);
    *texts[i] = copy->texts[i].length ? copy->texts[i].data : NULL;
  }
  return status;
}

void ivs_settings_free(ivs_settings_copy *copy) {
  for (int i = 0; i < IVS_SETTINGS_TEXTS; i++) ivs_buffer_free(&copy->texts[i]);
}

const char *ivs_settings_proxy(const ivs_settings *settings, const ivs_request *request) {
  const char *host = strstr(ivs_buffer_text(&request->url), "://");
  if (!settings->proxy || !host) return NULL;
  host += 3;
  const ivs_slice authority = {host, strcspn(host, "/?")};
  if (settings->no_proxy && ivs_no_proxy_is_bypassed(ivs_text_slice(settings->no_proxy), authority))
    return NULL;
  return settings->proxy;
}
