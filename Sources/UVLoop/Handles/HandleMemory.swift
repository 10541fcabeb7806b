import CUV

/// A C struct that begins with the fields of `uv_handle_t`. libuv's handle types are "subclasses"
/// of it by their layout.
protocol HandleStruct {}

extension uv_tcp_t: HandleStruct {}
extension uv_pipe_t: HandleStruct {}
extension uv_udp_t: HandleStruct {}
extension uv_poll_t: HandleStruct {}
extension uv_prepare_t: HandleStruct {}
extension uv_check_t: HandleStruct {}
extension uv_idle_t: HandleStruct {}
extension uv_async_t: HandleStruct {}
extension uv_timer_t: HandleStruct {}
extension uv_signal_t: HandleStruct {}
extension uv_fs_event_t: HandleStruct {}
extension uv_fs_poll_t: HandleStruct {}

/// The handle as libuv's functions for all handles take it.
@inline(__always)
func uvHandle(_ raw: UnsafeMutablePointer<some HandleStruct>) -> UnsafeMutablePointer<uv_handle_t> {
    UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_handle_t.self)
}

/// A poll handle for one of the loop's own descriptors, which is closed if that fails.
func makePoll(
    _ uv: UnsafeMutablePointer<uv_loop_t>, owning descriptor: Int32
) throws(UVError) -> UnsafeMutablePointer<uv_poll_t> {
    let poll = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
    do throws(UVError) {
        try UVError.check(uv_poll_init(uv, poll, descriptor))
    } catch {
        poll.deallocate()
        cuv_close(descriptor)
        throw error
    }
    return poll
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
