#ifndef CNDN_H
#define CNDN_H
/* Umbrella header: one module a noun. */
#include "data.h"
#include "digest.h"
#include "interest.h"
#include "lp.h"
#include "name.h"
#include "reassembler.h"
#include "sign.h"
#include "signature.h"
#include "tlv.h"
#endif
