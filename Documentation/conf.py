# SPDX-License-Identifier: GPL-2.0
"""The manual's settings for Sphinx. scripts/build-docs calls it, on a copy with what is generated."""
import os

project = "kvm_hpet"
copyright = "the authors of kvm_hpet"  # pylint: disable=redefined-builtin
version = release = os.environ.get("KVM_HPET_VERSION", "0.1")
extensions = ["sphinx.ext.graphviz"]
primary_domain = "c"
highlight_language = "none"
html_theme = "alabaster"
html_theme_options = {"page_width": "1100px", "sidebar_width": "240px", "show_related": True}
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None
graphviz_output_format = "svg"
pygments_style = "default"
# Types of the kernel's that the structures' members have
nitpick_ignore = [("c:identifier", name) for name in ("__u8", "__u16", "__u32", "__u64", "__s32", "__s64")]
