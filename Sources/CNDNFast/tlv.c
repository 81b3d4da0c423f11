#include "cndn.h"
