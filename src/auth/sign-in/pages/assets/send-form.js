// Sends the page's one form (response_mode=form_post). Without scripts, its button does.
document.forms[0].submit();
