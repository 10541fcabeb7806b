import Testing
import UVLoop

@Suite struct EventLoopErrorTests {
    @Test(arguments: [
        (EventLoopError.closed, "the event loop is closed"),
        (.running, "an event loop is already running on this thread"),
        (.wrongThread, "the event loop belongs to another thread"),
        (.stopped, "the event loop was stopped before its closure was finished"),
        (.timedOut, "the time was over"),
    ])
    func sentences(_ error: EventLoopError, _ text: String) {
        #expect("\(error)" == text)
    }
}
