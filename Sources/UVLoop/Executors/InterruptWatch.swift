import CUV

/// Calls a closure on the first SIGINT, as long as it is watched for, and lets the next do what it
/// does by default. Does nothing in a program that has a handler of its own, or ignores the signal.
///
/// Belongs to the loop's thread.
struct InterruptWatch {
    private let watch: SignalWatch?

    init(_ loop: EventLoop, _ body: @escaping () -> Void) throws(UVError) {
        guard cuv_has_default_action(SIGINT) else {
            watch = nil
            return
        }
        watch = try loop.onSignal(.interrupt, once: true, body)
        watch?.keepsLoopAlive = false
    }

    func end() { watch?.close() }
}
