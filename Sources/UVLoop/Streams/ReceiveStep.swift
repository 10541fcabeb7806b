/// What a task that wants bytes of a stream does next.
///
/// The work of receiving is in functions that are not async, which say what to do; the wait itself
/// is in the frame of whoever receives, also in another module. A frame of its own would cost as
/// much as all the rest, and memory of every connection at rest.
@usableFromInline
enum ReceiveStep {
    /// It takes the bytes: they are there.
    case ready
    /// The stream ends before them.
    case ended
    /// It awaits ``Parking/wait()``, and asks again.
    case park
    /// It takes the slow way: it is not on the loop, or somebody has to watch its cancellation.
    case wait
}
