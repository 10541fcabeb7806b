#include "CUVLoopAutoInstall.h"

/// In Swift.
extern void uvloop_auto_install(void);

__attribute__((constructor)) static void install(void) { uvloop_auto_install(); }

void uvloop_auto_install_anchor(void) {}
