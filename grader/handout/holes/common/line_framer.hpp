    // STUDENT: What do you have to remember from one push() to the next?
