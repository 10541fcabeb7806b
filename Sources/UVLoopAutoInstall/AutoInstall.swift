import CUVLoopAutoInstall
@_exported import UVLoop

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Called before `main`: a program that links this product runs on a libuv loop without a line of
/// its own.
///
/// `UVLOOP_AUTO_INSTALL=0` in the environment leaves Swift's own loop where it is, to compare.
@_cdecl("uvloop_auto_install")
func autoInstall() {
    if let value = getenv("UVLOOP_AUTO_INSTALL"), String(cString: value) == "0" { return }
    do {
        try EventLoop.install()
    } catch {
        let text = "UVLoop: the default loop could not be replaced: \(error)\n"
        _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }
}

/// Keeps the constructor linked.
let anchor: Void = uvloop_auto_install_anchor()
