import CUV
import Dispatch

/// Dispatch's main queue, served by a loop on the main thread: what is put there, by
/// `DispatchQueue.main`, `OperationQueue.main` or Foundation, runs in the loop's turns.
///
/// By the two entry points of libdispatch that Foundation's run loop uses. Only on Linux, where the
/// queue tells of work by a descriptor.
enum DispatchMainQueue {
    /// On the main thread, once. Does not keep the loop alive.
    static func serve(on core: LoopCore) {
        #if os(Linux)
        let poll = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
        let descriptor = _dispatch_get_main_queue_handle_4CF()
        let result = uv_poll_init(core.uv, poll, descriptor)
        precondition(result == 0, "Dispatch's main queue: \(UVError(rawValue: result))")
        // Nil: it is none of the handles that the loop's end tells of it.
        poll.pointee.data = nil
        uv_poll_start(poll, Int32(UV_READABLE.rawValue)) { poll, _, _ in
            var descriptor: uv_os_fd_t = -1
            uv_fileno(uvHandle(poll!), &descriptor)
            cuv_wakeup_clear(descriptor)
            _dispatch_main_queue_callback_4CF(nil)
        }
        uv_unref(uvHandle(poll))
        #endif
    }
}
