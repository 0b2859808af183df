/* The version of this package. */
#ifndef IVS_CORE_VERSION_H
#define IVS_CORE_VERSION_H

#define IVS_VERSION "1.0.0"

#endif
