/* The description of each status. */
#include "status.h"

const char *ivs_status_text(int status) {
  switch (status) {
  case IVS_OK:
    return "success";
#define IVS_STATUS_TEXT(name, number, text)                                                                  \
  case IVS_##name:                                                                                           \
    return text;
    IVS_STATUSES(IVS_STATUS_TEXT)
#undef IVS_STATUS_TEXT
  default:
    return "unknown status";
  }
}
