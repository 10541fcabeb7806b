/// The end of the comparison, with what the user should read about it.
struct Failure: Error {
    var message: String
    var status: Int32 = 1
}
