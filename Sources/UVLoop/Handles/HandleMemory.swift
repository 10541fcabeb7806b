import CUV

/// A C struct that begins with the fields of `uv_handle_t`. libuv's handle types are "subclasses"
/// of it by their layout.
protocol HandleStruct {}

extension uv_tcp_t: HandleStruct {}
extension uv_poll_t: HandleStruct {}
extension uv_prepare_t: HandleStruct {}
extension uv_check_t: HandleStruct {}
extension uv_idle_t: HandleStruct {}
extension uv_async_t: HandleStruct {}
extension uv_timer_t: HandleStruct {}

/// The handle as libuv's functions for all handles take it.
@inline(__always)
func uvHandle(_ raw: UnsafeMutablePointer<some HandleStruct>) -> UnsafeMutablePointer<uv_handle_t> {
    UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_handle_t.self)
}

/// Closes a handle that no Swift object answers for, and frees its memory in the close callback.
func closeAndFree(_ handle: UnsafeMutablePointer<uv_handle_t>) {
    guard uv_is_closing(handle) == 0 else { return }
    uv_close(handle) { freeHandleMemory($0!) }
}

/// The one place where the memory of a handle is given back: only from its close callback, or
/// before libuv has ever seen it.
func freeHandleMemory(_ handle: UnsafeMutablePointer<uv_handle_t>) {
    UnsafeMutableRawPointer(handle).deallocate()
}
