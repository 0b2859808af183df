/* The version, in its one place. */
#ifndef IVS_CORE_VERSION_H
#define IVS_CORE_VERSION_H

#define IVS_VERSION "0.1.0"

#endif
