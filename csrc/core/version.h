/* The version of this package. */
#ifndef IVS_CORE_VERSION_H
#define IVS_CORE_VERSION_H

#define IVS_VERSION "0.1.0"

#endif
