/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_SAVED_H
#define KVM_HPET_SAVED_H

#include <json-c/json.h>

#include "sample.h"

struct json_object *saved_json(const struct sample *sample);
int saved_parse(struct json_object *obj, struct sample *sample);

#endif
