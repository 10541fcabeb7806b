import CUV

/// Calls a closure on the first SIGINT, as long as it is watched for, and lets the next do what it
/// does by default. Does nothing in a program that has a handler of its own, or ignores the signal.
///
/// Belongs to the loop's thread. Binds `uv_signal_start_oneshot`.
final class InterruptWatch {
    private let handle: UnsafeMutablePointer<uv_signal_t>?
    private let body: () -> Void

    init(_ core: LoopCore, _ body: @escaping () -> Void) throws(UVError) {
        self.body = body
        guard cuv_has_default_action(SIGINT) else {
            handle = nil
            return
        }
        let handle = UnsafeMutablePointer<uv_signal_t>.allocate(capacity: 1)
        do throws(UVError) {
            try UVError.check(uv_signal_init(core.uv, handle))
        } catch {
            handle.deallocate()
            throw error
        }
        self.handle = handle
        handle.pointee.data = nil
        InterruptWatch.current = self
        uv_signal_start_oneshot(handle, { _, _ in InterruptWatch.current?.body() }, SIGINT)
        uv_unref(uvHandle(handle))
    }

    func end() {
        InterruptWatch.current = nil
        if let handle { closeAndFree(uvHandle(handle)) }
    }

    /// The one of the run on the main thread. Sound: only touched there.
    nonisolated(unsafe) private static var current: InterruptWatch?
}
