// A step of a flow: it takes no time, and gives a value.
var result = { done: true };
