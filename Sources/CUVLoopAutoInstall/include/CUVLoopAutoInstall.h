#pragma once

/// Refers to the constructor, so that the linker takes it even from a static library.
void uvloop_auto_install_anchor(void);
