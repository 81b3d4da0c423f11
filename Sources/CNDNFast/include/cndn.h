#ifndef CNDN_H
#define CNDN_H
/* Umbrella header: one module a noun. */
#include "name.h"
#include "tlv.h"
#endif
